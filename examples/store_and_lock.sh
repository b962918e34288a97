# A store and a lock file: a brain is published once, and everybody runs the same bits.
#
#     sh store_and_lock.sh
#
# The store is a folder here; `http:`, `s3:` or the Hugging Face Hub are others.
set -e

runner push page --to folder:models            # models/page/1/, and an index
runner lock folder:models/page                 # brains.lock: version, store and the sha256 of each file
runner pull folder:models/page --locked        # refuses anything else, as run and predict do
runner run demo:pictures --brain 'folder:models/page?engine=onnx' --locked --sink jsonl:out.jsonl --quiet
runner brains
