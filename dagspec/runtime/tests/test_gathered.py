import os
from pathlib import Path

from chronon_rt.definitions import Ds, Gathered
from chronon_rt.gathered import in_folders
from chronon_rt.rendering import Place


def test_a_folder_of_the_files_lasts_as_long_as_the_job(tmp_path: Path) -> None:
    conf = tmp_path / "confs" / "0123456789abcdef" / "production" / "joins" / "pay" / "j.v1"
    conf.parent.mkdir(parents=True)
    conf.write_text("{}")
    gathered = Gathered("production/joins//", ("confs/0123456789abcdef/production/joins/pay/j.v1",))
    with in_folders(["--conf", gathered, Ds()], Place(str(tmp_path))) as argv:
        assert argv[0] == "--conf" and argv[2] == Ds()
        folder = argv[1]
        assert isinstance(folder, str)
        # run.py takes the last four parts for context, type, team and name.
        assert folder.split("/")[-4:] == ["production", "joins", "", ""]
        assert os.listdir(os.path.join(folder, "pay")) == ["j.v1"]
    assert not os.path.exists(folder)
