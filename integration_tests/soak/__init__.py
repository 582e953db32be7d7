"""Many syncs under faults and kills, each seed an account of its own, compared with its truth."""
