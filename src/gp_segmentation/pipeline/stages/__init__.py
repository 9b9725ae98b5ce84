"""The stages of a run, a module each with a function ``run(cfg, workspace)``: read, call pure code, write."""
