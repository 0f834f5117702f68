"""Work in the background: the only package that knows django-q.

A queued message is a hint that may be lost, late or doubled. The lease on the sprint makes
duplicates harmless, and ``tasks.reconcile`` asks again for every running sprint without a lease.
"""
