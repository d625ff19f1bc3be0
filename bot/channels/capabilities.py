"""What each channel can show and do, in one place (limits: the platforms' own pages, 2026-11)."""

from bot.channels.base import Capabilities

WEBCHAT, TELEGRAM, ZALO_BOT, ZALO_OA = "webchat", "telegram", "zalo-bot", "zalo-oa"

CAPABILITIES = {
    WEBCHAT: Capabilities(max_text=1_000_000, max_buttons=100, is_pushed=False),
    # 4,096 is the platform's limit; below it there is room for what clients add.
    TELEGRAM: Capabilities(max_text=3_500, max_buttons=20, max_payload_bytes=64, deletes_messages=True),
    ZALO_BOT: Capabilities(max_text=1_800),
    # Buttons are the account's own switch: bot.channels.zalo_oa sends them where it is on.
    ZALO_OA: Capabilities(max_text=1_800, max_buttons=5, max_payload_bytes=1_000),
}
