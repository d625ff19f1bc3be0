"""A made-up year of several communes, for newcomers, screenshots and measurements.

Everything is marked as a sample: the communes (`is_sample`) and the names. Rows are written in bulk
and in pieces, so that a million questions take no more memory than a thousand; `records` otherwise
writes a turn at a time.
"""
