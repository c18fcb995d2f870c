"""The widgets: one store per capture, the views that use it, and the replies to their pages."""
