"""From a video to what is signed in it."""
