"""Keep the work of agents in git: clones that belong to the gateway, and shipped merges.

The user's checkout is only read while agents work. No call of git takes its configuration from a
clone that an agent could write.
"""
