"""Work that goes on when nobody waits for it: syncs, models, snapshots."""
