"""``runner eval``: what is typed, printed and written."""

import json

import numpy as np
import pytest
from labelled import make_truth
from PIL import Image

from runner_core.datasets import open_dataset
from runner_core.testing import PluginCase, check_plugin


@pytest.fixture
def pictures(tmp_path):
    """Pages of the demo, labelled as its brain finds them, but for one that is missing."""
    return tmp_path


def test_the_registration_keeps_its_promises():
    check_plugin("runner_eval.plugin")
