"""What was found in the rows, and for whom: events, their register, and what each recipient may know of it."""
