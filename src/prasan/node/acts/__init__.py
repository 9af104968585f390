"""What partners ask of each other beside objects: recalls, consents, requests, lists, feedback."""
