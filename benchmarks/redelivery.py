"""Deliveries that come again: each message one to five times, from eight clients of the platform at once.

A whole assistant on a port of 127.0.0.1, the channel's fake platform beside it. Each message is the
first of its person, so each person must get the same replies, once; the database must hold one message,
one turn and one question for each.

Run: python -m benchmarks.redelivery --channel telegram [--deliveries 10000]
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from benchmarks.machine import machine
from bot.app import set_up_logs
from bot.assembly import open_assistant
from bot.channels.accounts import TelegramAccount, ZaloBotAccount, ZaloOaAccount
from bot.channels.base import Channel
from bot.channels.build import ChannelParts, build_channel
from bot.channels.telegram_setup import webhook_path
from bot.settings import Settings
from tests.bot.channel_stories import ASK, COMMUNE, House, Tally, deliver_again_and_again, tally
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import account_of, channel_on
from tests.fakes import zalo_bot, zalo_oa
from tests.fakes.telegram import FakeTelegram

MEAN, MOST, CLIENTS = 3, 5, 8
