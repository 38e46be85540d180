"""Background work: rows that say what is due, a doorbell in Valkey, a sweeper that rings again."""
