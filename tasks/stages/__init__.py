"""One module a stage. A stage reads its inputs from the store, computes, and leaves its outputs there.

Arrays never pass between stages, digests do. What a stage depends on follows from what its module imports.
"""
