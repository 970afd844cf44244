"""What frameworks read from the environment when they are loaded.

It is set when this module is imported, which is before any framework is: the stages and the models import it, and
import frameworks only when they use them.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads make torch ten times slower on a busy machine
os.environ["MKL_CBWR"] = "AUTO,STRICT"  # a row of a product does not depend on where in the batch it stands
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
