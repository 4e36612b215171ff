"""Fits the rates of single GPUs to measurements and judges them on chips that they had not seen.

Only this package needs numpy; what it finds is stored in ``models``.
"""
