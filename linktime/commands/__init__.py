"""The commands of the program: the server, the installer, the doctor and the demo."""
