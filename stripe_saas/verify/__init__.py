"""What a destination holds, compared with Stripe's own lists, month by month.

command
├── message_file, warehouse   what is held (`holdings.py`): ids first, content when asked for
├── months, cost              which months are looked at, and what that costs
├── stripe_lists, since       what Stripe has now, and what changed after the last sync
├── findings, content         pure: what is missing, extra or stale
└── report                    the table
"""
