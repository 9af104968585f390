"""Message codes and parameters become English and Thai sentences."""

from prasan.words.catalogue import LANGUAGES, Language, Message, known, say, say_message, told

__all__ = ["LANGUAGES", "Language", "Message", "known", "say", "say_message", "told"]
