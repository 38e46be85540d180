"""Items out: lists and single items with what is known of them."""
