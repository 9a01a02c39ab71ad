"""OAuth 2.0 in the hub itself: services grant tokens, the hub keeps and renews them, engines get what soon ends.

`clients` and `setups` know who we are where, `exchange` asks a token URL, `grants` keeps what it answers, `signing_in`
leads a person to the service and back, `facts` tells people how it stands.
"""
