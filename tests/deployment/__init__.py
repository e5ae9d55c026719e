"""What the service is deployed with: the image, the files for real machines, the workflows that release them."""
