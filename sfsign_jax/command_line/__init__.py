"""What command lines share: flags and arguments, mistakes as sentences, the process they run in."""
