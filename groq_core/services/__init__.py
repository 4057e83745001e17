"""
What the app can do, in its users' words; each a few lines on the one pipeline.

- ``agent``: Chat with tools until done.
- ``batch``: Many requests at once: live at the highest rate the limits allow, or through Groq's Batch API at half the
  price.
- ``candidates``: Who may answer to a name: the model it stands for, its stand-ins, their price, and how much they may
  be sent.
- ``chat``: Chat: a conversation in, an answer out, streamed or whole.
- ``documents``: Documents into text: one file for each kind.
- ``extraction``: Text, a document or a picture into data that fits a schema.
- ``fan_out``: Work whose parts go on side by side, told as one stream of events.
- ``logins``: Where tokens that other servers gave are kept: in memory, or, where a person asks for it, in a file of
  their own.
- ``own_keys``: Groq keys that visitors bring along: checked once, then held in memory for as long as they are used.
- ``sent_pictures``: Pictures in a conversation: decoded, checked, and freed of what they tell about their maker before
  they go on.
- ``sound_aside``: The sound of parts that have to be sent once more, laid aside on disk.
- ``speech``: Speech: a text of any length in, one WAV file out.
- ``ssml``: SSML, which people bring along from other services: no voice here knows it, and would read its tags aloud.
- ``story``: The story of one answer, as the page saves it: its events with their times, to be told again.
- ``transcription``: Transcription: a recording of any kind and length in, its words out as they are found.
- ``transcription_journal``: Keep what was heard of a recording's parts in a file, so that a run that was killed goes
  on where it was.
- ``transcription_run``: One recording on its way: its parts, transcribed side by side, and what was heard, in the order
  of time.
- ``vision``: Vision: pictures and a question in, an answer out; then further questions about the same pictures.

Imported by ``api``, ``cli``, ``compose``, ``serve`` and ``ui``.
"""
