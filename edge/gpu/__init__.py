"""The pipeline on the streams of a GPU: the stages of edge.pipeline with their arrays in the device's memory."""
