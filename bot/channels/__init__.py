"""One file a channel; each turns what it receives into an `IncomingMessage` and sends replies."""
