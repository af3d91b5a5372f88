"""`python -m synchub.cli`"""

from synchub.cli.app import main

main()
