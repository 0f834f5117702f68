"""The work of agents in git: clones that are the gateway's own, and what is shipped.

The user's checkout is read, and never written to while agents work. No call of git takes its
configuration from a clone that an agent has had in its hands.
"""
