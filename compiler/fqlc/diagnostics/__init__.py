"""Problems as data: the diagnostic, the registry of codes, the sink, the renderers."""
