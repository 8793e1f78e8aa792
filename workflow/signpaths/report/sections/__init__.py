"""The report's sections: each a module that gives rows, and a template of its name beside it.

A section has a `NAME` in the page's contents and a function `content`, which gives nothing if the
study lacks what the section is about.
"""
