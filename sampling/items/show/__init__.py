"""An item as people read it: from its stored values to HTML, without any way for them to become markup of their own."""
