"""Do work in the background, through django-q: no other package knows it.

A queued message is a hint that may be lost, late or doubled. The lease on the sprint makes
duplicates harmless, and ``tasks.reconcile`` queues a message again for a running sprint without a
lease.
"""
