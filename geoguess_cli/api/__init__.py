"""What `import geoguess_cli as gg` offers, and what the verbs call.

Heavy libraries are imported inside the functions, so that reading a photo table loads no network.
"""

from geoguess_cli.api.calibrating import fit_on_validation as fit_on_validation
from geoguess_cli.api.calibrating import fit_views as fit_views
from geoguess_cli.api.model import Model as Model
from geoguess_cli.api.model import load_model as load_model
from geoguess_cli.api.opening import predictor_at as predictor_at
from geoguess_cli.api.opening import predictor_of as predictor_of
from geoguess_cli.api.saving import save as save
from geoguess_cli.api.verbs import build_partition as build_partition
from geoguess_cli.api.verbs import conclude as conclude
from geoguess_cli.api.verbs import evaluate as evaluate
from geoguess_cli.api.verbs import photos_of_split as photos_of_split
from geoguess_cli.api.verbs import read_photos as read_photos
from geoguess_cli.api.verbs import split_photos as split_photos
from geoguess_cli.api.verbs import train as train
