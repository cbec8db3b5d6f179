"""What computes: devices, the mesh of them, compilation, the host's memory."""
