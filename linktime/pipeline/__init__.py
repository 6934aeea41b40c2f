"""The layers between a tool and LinkTime: each is a `Send` that wraps the next one."""
