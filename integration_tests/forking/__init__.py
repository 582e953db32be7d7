"""`python -m …` as a process that is forked from one which has loaded the packages already.

Loading the CDK costs 1.5 CPU seconds, and hundreds of tests start a process that does. The forked
one has its own pid, pipes, environment and working directory, and ends as any process does.
"""

from integration_tests.forking.popen import ForkedPopen

__all__ = ["ForkedPopen"]
