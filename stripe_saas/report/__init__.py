"""A warehouse with models in; one HTML file that shows them, complete in itself, out.

It reads the models alone, by plain SQL, so it works on every warehouse that `Target` knows,
whatever filled it. The page is drawn by Apache ECharts, which lies in the file as well.
"""
