"""What pages and the API read: the models as they were after the last build, in files of Parquet.

DuckDB lets nobody read a file that another process writes. A snapshot is a folder that no one
changes once it is published; readers never wait for a sync.
"""
