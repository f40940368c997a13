"""The production head: ICT-FaceKit's topology, identities and expressions."""
