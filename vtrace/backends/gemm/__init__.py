"""Matrix products: `call` plans one and shares it between threads, the rest writes the code that computes it."""
