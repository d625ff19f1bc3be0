from bot.main import app

app()
