"""Run one sprint under its lease: decide, perform, reduce, record."""
