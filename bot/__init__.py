"""The front door: settings, command line, web application, channels, conversation."""
