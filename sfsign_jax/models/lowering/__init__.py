"""Layers in forms that compilers turn into fast programs."""
