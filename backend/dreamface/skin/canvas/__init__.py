"""What layers draw with: texels on the surface, noise, marks, strands, creases, pigments, places on a face."""
