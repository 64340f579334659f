"""Status pushed to open pages: the process `push`, beside the web. See docs/adr/0020.

A stream carries no data: only "look again". What is shown comes from the page's own address, with its own check of who
asks. Without this process the pages ask from time to time.
"""
