"""What `make dev` prints and writes."""

import dev


def test_the_env_file_is_readable_by_its_owner_only_and_replaced_whole(tmp_path):
    path = tmp_path / "dev" / "env"
    dev.write_env(path, {"API_URL": "http://127.0.0.1:1", "TOKEN_ADMIN": "secret"})
    dev.write_env(path, {"API_URL": "http://127.0.0.1:2"})
    assert path.read_text() == "API_URL=http://127.0.0.1:2\n"
    assert path.stat().st_mode & 0o077 == 0


def test_a_structured_log_line_becomes_a_sentence_and_any_other_stays():
    line = 'countersign-PublicTask-123\t{"level":"INFO","fields":{"message":"answered","task.id":"7"}}\n'
    assert dev.readable(line) == "PublicTask   INFO  answered task.id=7"
    assert dev.readable("Traceback of the emulator\n") == "Traceback of the emulator"
