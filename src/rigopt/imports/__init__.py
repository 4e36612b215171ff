"""Part data and price lists of others: read, mapped, reported; never taken on trust.

One file an importer. It fetches nothing: it reads a folder or a file, maps what it finds to our
rows, and reports what it left out and where it disagrees with the catalogue.
"""
